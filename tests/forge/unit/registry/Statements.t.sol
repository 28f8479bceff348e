// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Statement} from "../../../../contracts/interfaces/IStatements.sol";
import {ModelRegistry} from "../../../../contracts/oversight/ModelRegistry.sol";
import {AgentReference} from "../../../../contracts/oversight/registry/AgentReference.sol";
import {Statements} from "../../../../contracts/oversight/registry/Statements.sol";
import {BurningWallet, OwnedWallet} from "../../../../contracts/mocks/VoterWallets.sol";
import {Signing} from "../../support/Signing.sol";
import {World} from "../../support/World.sol";
import {vm} from "../../support/Vm.sol";

/// @notice Auditors' signed statements, and the steward's reference to an agent.
contract RegistryStatementsTest is World {
    uint256 private constant _KEY = 0xA0D17;
    bytes32 private constant _TYPE = keccak256(
        "Statement(address auditor,uint256 modelId,uint32 version,bytes32 artifact,bytes32 document,string uri,"
        "uint48 time)"
    );

    function test_attest__signed__standsFromNowOn() public {
        Statement memory said = _said();
        vm.assertEq(_at(said), 0);
        vm.expectEmit(address(registry));
        emit Statements.StatementAttested(
            MODEL, 1, said.auditor, said.artifact, said.document, "ipfs://audit", said.time
        );
        _attest(said);
        vm.assertEq(_at(said), block.timestamp);
        vm.assertEq(registry.attestedAt(MODEL, 2, said.auditor, said.document), 0);
        vm.assertEq(registry.attestedAt(MODEL + 1, 1, said.auditor, said.document), 0);
        vm.assertEq(registry.attestedAt(MODEL, 1, STRANGER, said.document), 0);
        vm.assertEq(registry.attestedAt(MODEL, 1, said.auditor, keccak256("x")), 0);
    }

    function test_hashStatement__isTheTypedDatas() public view {
        vm.assertEq(registry.hashStatement(_said()), _struct(_said()));
    }

    function test_attest__twice__isRefused() public {
        Statement memory said = _said();
        _attest(said);
        bytes memory signature = _sign(said);
        vm.expectRevert(
            abi.encodeWithSelector(
                Statements.StatementStands.selector, MODEL, 1, said.auditor, said.document
            )
        );
        registry.attest(said, signature);
    }

    function test_attest__any_field_changed__isRefused() public {
        for (uint256 i = 0; i < 4; ++i) {
            Statement memory said = _said();
            bytes memory signature = _sign(said);
            if (i == 0) said.auditor = STRANGER;
            if (i == 1) said.document = keccak256("x");
            if (i == 2) said.uri = "x";
            if (i == 3) said.time -= 1;
            vm.expectRevert(abi.encodeWithSelector(Statements.StatementSignatureInvalid.selector, said.auditor));
            registry.attest(said, signature);
        }
    }

    function test_attest__no_document_or_another_artifact__isRefused() public {
        Statement memory said = _said();
        said.document = 0;
        vm.expectRevert(abi.encodeWithSelector(Statements.StatementInvalid.selector, MODEL, 1));
        registry.attest(said, "");
        said = _said();
        said.artifact = keccak256("x");
        vm.expectRevert(abi.encodeWithSelector(Statements.StatementInvalid.selector, MODEL, 1));
        registry.attest(said, "");
        said = _said();
        said.version = 2;
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelVersionUnknown.selector, MODEL, 2));
        registry.attest(said, "");
    }

    function test_attest__signed_in_the_future__isRefused() public {
        Statement memory said = _said();
        said.time = uint48(block.timestamp) + 1;
        bytes memory signature = _sign(said);
        vm.expectRevert(abi.encodeWithSelector(Statements.StatementOutOfTime.selector, said.time, 0));
        registry.attest(said, signature);
        vm.warp(said.time);
        registry.attest(said, signature);
    }

    function test_withdraw__voidsWhatWasSignedBefore() public {
        Statement memory said = _said();
        _attest(said);
        vm.expectEmit(address(registry));
        emit Statements.StatementWithdrawn(MODEL, 1, said.auditor, said.document);
        vm.prank(said.auditor);
        registry.withdrawStatement(MODEL, 1, said.document);
        vm.assertEq(_at(said), 0);
        bytes memory signature = _sign(said);
        vm.expectRevert(
            abi.encodeWithSelector(
                Statements.StatementOutOfTime.selector, said.time, uint48(block.timestamp)
            )
        );
        registry.attest(said, signature);
        vm.warp(block.timestamp + 1);
        said.time = uint48(block.timestamp);
        _attest(said);
        vm.assertEq(_at(said), block.timestamp);
    }

    function test_withdraw__before_it_was_brought__voidsItToo() public {
        Statement memory said = _said();
        bytes memory signature = _sign(said);
        vm.prank(said.auditor);
        registry.withdrawStatement(MODEL, 1, said.document);
        vm.expectRevert(
            abi.encodeWithSelector(
                Statements.StatementOutOfTime.selector, said.time, uint48(block.timestamp)
            )
        );
        registry.attest(said, signature);
    }

    function test_attest__auditor_that_is_a_contract__signsByERC1271() public {
        OwnedWallet wallet = new OwnedWallet(vm.addr(_KEY), token);
        Statement memory said = _said();
        said.auditor = address(wallet);
        _attest(said);
        vm.assertEq(_at(said), block.timestamp);
        said.auditor = address(new BurningWallet());
        bytes memory signature = _sign(said);
        vm.expectRevert(abi.encodeWithSelector(Statements.StatementSignatureInvalid.selector, said.auditor));
        registry.attest(said, signature);
    }

    function test_setAgent__isToldAndKept() public {
        AgentReference.Agent memory none;
        AgentReference.Agent memory agent = AgentReference.Agent(10, address(0x8004), 77);
        vm.expectEmit(address(registry));
        emit AgentReference.AgentChanged(MODEL, none, agent);
        vm.startPrank(STEWARD);
        registry.setAgent(MODEL, address(0x8004), 77, 10);
        vm.assertEq(keccak256(abi.encode(registry.agentOf(MODEL))), keccak256(abi.encode(agent)));
        vm.expectEmit(address(registry));
        emit AgentReference.AgentChanged(MODEL, agent, none);
        registry.setAgent(MODEL, address(0), 0, 0);
        vm.assertEq(keccak256(abi.encode(registry.agentOf(MODEL))), keccak256(abi.encode(none)));
        vm.stopPrank();
    }

    function test_setAgent__half_a_reference__isRefused() public {
        bytes memory refusal = abi.encodeWithSelector(AgentReference.AgentInvalid.selector, MODEL);
        vm.startPrank(STEWARD);
        vm.expectRevert(refusal);
        registry.setAgent(MODEL, address(0), 1, 0);
        vm.expectRevert(refusal);
        registry.setAgent(MODEL, address(0), 0, 1);
        vm.expectRevert(refusal);
        registry.setAgent(MODEL, address(1), 1, 0);
        registry.setAgent(MODEL, address(1), 0, 1);
        vm.stopPrank();
        vm.prank(STRANGER);
        vm.expectRevert(abi.encodeWithSelector(ModelRegistry.ModelNotSteward.selector, MODEL, STRANGER));
        registry.setAgent(MODEL, address(1), 0, 1);
    }

    function _said() private view returns (Statement memory said) {
        (said.auditor, said.modelId, said.version) = (vm.addr(_KEY), MODEL, 1);
        (said.artifact, said.document) = (keccak256("artifact"), keccak256("audit"));
        (said.uri, said.time) = ("ipfs://audit", uint48(block.timestamp));
    }

    function _attest(Statement memory said) private {
        registry.attest(said, _sign(said));
    }

    function _sign(Statement memory said) private view returns (bytes memory) {
        return Signing.sign(_KEY, Signing.typed("Tribune ModelRegistry", address(registry), _struct(said)));
    }

    function _struct(Statement memory said) private pure returns (bytes32) {
        return keccak256(
            abi.encode(
                _TYPE,
                said.auditor,
                said.modelId,
                said.version,
                said.artifact,
                said.document,
                keccak256(bytes(said.uri)),
                said.time
            )
        );
    }

    function _at(Statement memory said) private view returns (uint48) {
        return registry.attestedAt(said.modelId, said.version, said.auditor, said.document);
    }
}
