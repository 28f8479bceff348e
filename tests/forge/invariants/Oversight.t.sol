// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Claim, Row} from "./Ghost.sol";
import {Handler} from "./Handler.sol";
import {vm} from "../support/Vm.sol";

/**
 * @title OversightInvariants
 * @notice The invariants of `docs/architecture.md`, each by its sentence, under everything that anyone can do.
 * @dev {Handler} plays the actors and notes what breaks a claim. At the end of a run every act must have succeeded in
 * at least 5 percent of its calls and every row of the table of states must have been reached: a claim that was never
 * put to the test would hold for nothing.
 */
contract OversightInvariants {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    bool public constant IS_TEST = true;
    uint256 private constant _LEAST_PERCENT = 5;

    Handler private _handler;

    function setUp() public {
        _handler = new Handler();
        _handler.setUp();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_handler), _handler.selectors());
    }

    /// @notice One campaign tests all claims, each after every call.
    function invariant_design() public view {
        outage__without_a_vote__isBounded();
        suspension__ends__byBoundOrRejectionOnly();
        trip__governor_silent__happens();
        vote__effects__atMostOne();
        case__votes__exactlyOne();
        paused__left__byResumeOrRetirementOnly();
        halt__registry_and_policy_acts__clearNothing();
        keys__without_power__decideNothing();
        pause_role__holders__exactlyOne();
        power__after_the_snapshot__countsNothing();
        report__signatures__countOnce();
        model__without_a_policy__notOperational();
    }

    /// @notice Without a vote, no model is out of service longer than suspension budget and halt budget allow,
    /// whatever hub, guardian and staleness do together.
    function outage__without_a_vote__isBounded() public view {
        _holds(Claim.BoundedOutage);
    }

    /// @notice A suspension ends by its bound or by its own vote's rejection, by nothing else.
    function suspension__ends__byBoundOrRejectionOnly() public view {
        _holds(Claim.SuspensionEnds);
    }

    /// @notice A trip never depends on the governor answering.
    function trip__governor_silent__happens() public view {
        _holds(Claim.TripAlone);
    }

    /// @notice A vote has at most one effect.
    function vote__effects__atMostOne() public view {
        _holds(Claim.OneEffect);
    }

    /// @notice Every case can be voted on exactly once, opened by anyone, cancelled by nobody.
    function case__votes__exactlyOne() public view {
        _holds(Claim.OneVote);
    }

    /// @notice Paused is left only by a resume of the named version, or by retirement.
    function paused__left__byResumeOrRetirementOnly() public view {
        _holds(Claim.PausedHolds);
    }

    /// @notice Activation, transfer of the model and change of policy clear nothing.
    function halt__registry_and_policy_acts__clearNothing() public view {
        _holds(Claim.NothingClears);
    }

    /// @notice No key without voting power can pause for good, resume, change a policy or admit a monitor.
    function keys__without_power__decideNothing() public view {
        _holds(Claim.NoKey);
    }

    /// @notice Exactly one holder of PAUSE.
    function pause_role__holders__exactlyOne() public view {
        _holds(Claim.OneHolder);
    }

    /// @notice Power bought or borrowed after the snapshot counts nothing.
    function power__after_the_snapshot__countsNothing() public view {
        _holds(Claim.NoLatePower);
    }

    /// @notice A report counts once per monitor and frame, and only for its chain, hub, version, frame and policy.
    function report__signatures__countOnce() public view {
        _holds(Claim.OneReport);
    }

    /// @notice A model without a policy set by governance is not operational.
    function model__without_a_policy__notOperational() public view {
        _holds(Claim.PolicyFirst);
    }

    /// @notice Fails a run that put something to the test too seldom, and names all that it did.
    function afterInvariant() public view {
        bool enough = true;
        string memory account;
        for (uint256 i = 0; i < _handler.actCount(); ++i) {
            (string memory name, uint256 calls, uint256 successes) = _handler.actAt(i);
            if (successes * 100 < calls * _LEAST_PERCENT) enough = false;
            account = string.concat(account, name, " ", vm.toString(successes), "/", vm.toString(calls), ", ");
        }
        account = string.concat(account, "rows");
        for (uint8 row = 0; row <= uint8(type(Row).max); ++row) {
            if (_handler.reached(Row(row)) == 0) enough = false;
            account = string.concat(account, " ", vm.toString(_handler.reached(Row(row))));
        }
        vm.assertTrue(enough, account);
    }

    function _holds(Claim claim) private view {
        string memory how = _handler.broken(claim);
        vm.assertTrue(bytes(how).length == 0, how);
    }
}
